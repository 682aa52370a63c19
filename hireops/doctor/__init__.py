"""Whether hireops stands as it should: questions with an answer and what to do about it."""
