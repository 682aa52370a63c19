// Goes on to Feishu by itself; who runs no scripts has the button (hireops/people/feishu/views.py).
'use strict';
location.replace(document.getElementById('to-feishu').href);
