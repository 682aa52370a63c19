// Forms that are not to be lost: what was sent after the session had ended, and what is typed and not yet sent.
'use strict';
{
  const KEPT = 'hireops.kept-form';
  const page = document.getElementById('kept-form');
  const token = document.querySelector('#logout-form [name=csrfmiddlewaretoken]');
  const kept = sessionStorage.getItem(KEPT);

  const send = ({ path, kept }) => {
    const form = document.createElement('form');
    form.method = 'post';
    form.action = path;
    Object.entries({ csrfmiddlewaretoken: token.value, kept_form: kept }).forEach(([name, value]) => {
      const input = document.createElement('input');
      Object.assign(input, { type: 'hidden', name, value });
      form.append(input);
    });
    document.body.append(form);
    form.submit();
  };

  if (page) {
    sessionStorage.setItem(KEPT, JSON.stringify({ path: page.dataset.path, kept: page.dataset.kept }));
  } else if (kept && token && location.pathname.startsWith('/admin/')) {
    sessionStorage.removeItem(KEPT);
    send(JSON.parse(kept));
  }

  // A list's form only chooses rows; a search has nothing to lose.
  const edited = new Set();
  const isEdited = (form) => form && form.method === 'post' && form.closest('#content') && form.id !== 'changelist-form'
    && form.id !== 'changelist-search';
  document.addEventListener('input', ({ target }) => isEdited(target.form) && edited.add(target.form));
  document.addEventListener('change', ({ target }) => isEdited(target.form) && edited.add(target.form));
  document.addEventListener('submit', () => edited.clear());
  window.addEventListener('beforeunload', (event) => edited.size && event.preventDefault());
}
