// What lists do beyond what they do without a script: copy an ID, close a filter that is left, keep addresses short.
'use strict';
{
  const filters = [...document.querySelectorAll('details.list-filter')];
  const closeOthers = (than) => filters.forEach((each) => { if (each !== than) each.open = false; });

  document.addEventListener('click', (event) => closeOthers(event.target.closest('details.list-filter')));
  document.addEventListener('keydown', (event) => {
    const left = event.key === 'Escape' && filters.find((each) => each.open);
    if (left) {
      left.open = false;
      left.querySelector('summary').focus();
    }
  });

  // What is left empty in a filter need not stand in the address.
  document.querySelectorAll('form.range-filter[method="get"]').forEach((form) => {
    form.addEventListener('formdata', ({ formData }) => {
      [...formData].forEach(([name, value]) => value || formData.delete(name));
    });
  });

  const status = document.getElementById('list-status');
  const copy = async (button) => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.classList.add('copied');
    status.textContent = status.dataset.copied;
    setTimeout(() => {
      button.classList.remove('copied');
      status.textContent = '';
    }, 2000);
  };
  if (navigator.clipboard) {  // browsers have it where the page came by https
    document.querySelectorAll('button.copy').forEach((button) => {
      button.hidden = false;
      button.addEventListener('click', () => copy(button));
    });
  }
}
