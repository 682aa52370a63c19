// A box in which things are found by typing (select2 makes it) is called what its field is called.
'use strict';
{
  const name = (box) => {
    const field = box.closest('fieldset, .form-row');
    const label = field && field.querySelector('legend, label');
    if (label) box.setAttribute('aria-label', label.textContent.trim());
  };
  const nameAll = () => document.querySelectorAll('.select2-search__field:not([aria-label])').forEach(name);

  document.addEventListener('DOMContentLoaded', () => {
    nameAll();
    new MutationObserver(nameAll).observe(document.body, {childList: true, subtree: true});
  });
}
