// A page that waits for something looks by itself whether it has moved on (hireops/desk/waiting.py).
//
// How often: after a tenth of the time for which nobody has moved a hand and nothing has changed, between two
// seconds and a minute. Not at all while the page is hidden, and once as soon as it is seen again.
'use strict';
{
  const SHORTEST_MS = 2000;
  const LONGEST_MS = 60000;
  const PATIENCE_MS = 20000;  // for one answer
  const SILENT_AFTER = 2;  // looks without an answer
  const SIGNS_OF_A_PERSON = ['pointermove', 'pointerdown', 'keydown', 'scroll'];

  const waiting = document.getElementById('waiting');
  const status = document.getElementById('waiting-status');
  const refresh = waiting.querySelector('.waiting-refresh');
  let timer = 0;
  let isLooking = false;
  let isOver = 'over' in waiting.dataset;
  let failures = 0;
  let lookedAt = Date.now();
  let changedAt = lookedAt;
  let seenAt = lookedAt;

  // --- When to look

  const pause = () => {
    const now = Date.now();
    const quiet = Math.max(now - Math.max(seenAt, changedAt), (now - changedAt) / 4);
    return Math.min(Math.max(quiet / 10, SHORTEST_MS) * 2 ** failures, LONGEST_MS);
  };

  const schedule = () => {
    clearTimeout(timer);
    if (isOver || isLooking || document.hidden) return;
    timer = setTimeout(look, Math.max(lookedAt + pause() - Date.now(), 0));
  };

  const noticePerson = () => {
    const isNews = Date.now() - seenAt > 1000;
    seenAt = Date.now();
    if (isNews) schedule();
  };

  const lookAtOnce = () => {
    clearTimeout(timer);
    if (isOver || isLooking || document.hidden) return;
    seenAt = Date.now();
    look();
  };

  // --- Looking

  const look = async () => {
    isLooking = true;
    lookedAt = Date.now();
    const answer = await fetch(location.href, {
      headers: { 'X-Waiting': waiting.dataset.state },
      cache: 'no-store',
      redirect: 'manual',  // to the login page, of who is signed out
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).then(take, () => false).catch(() => false);
    isLooking = false;
    noteAnswer(answer);
    schedule();
  };

  // False for what is no answer to the question.
  const take = async (answer) => {
    if (answer.type === 'opaqueredirect') return stop(waiting.dataset.signedOut);
    if (answer.status === 403 || answer.status === 404) return stop(waiting.dataset.gone);
    if (answer.status === 204) return true;
    return answer.status === 200 && show(new DOMParser().parseFromString(await answer.text(), 'text/html'));
  };

  const noteAnswer = (isAnswered) => {
    if (isAnswered) {
      if (failures >= SILENT_AFTER && !isOver) say(waiting.dataset.back);
      failures = 0;
    } else {
      failures += 1;
      if (failures === SILENT_AFTER) say(waiting.dataset.silent, true);
    }
  };

  const say = (text, isTrouble = false) => {
    status.textContent = text;
    status.classList.toggle('is-shown', isTrouble);
    refresh.hidden = !isTrouble;
  };

  const stop = (why) => {
    isOver = true;
    say(why, true);
    return true;
  };

  // --- Showing what has changed

  const show = (fresh) => {
    const stands = fresh.getElementById('waiting');
    const part = document.querySelector('[data-waits]') || document.getElementById('content');
    const newPart = fresh.querySelector('[data-waits]') || fresh.getElementById('content');
    if (!stands || !newPart) return false;
    keepTokens(fresh);
    const focused = document.activeElement;
    const around = ancestors(focused, part);
    part.setAttribute('aria-busy', 'true');
    morphChildren(part, newPart);
    part.removeAttribute('aria-busy');
    if (around.length && !focused.isConnected) focusHeading(around, part);
    changedAt = Date.now();
    if (stands.dataset.says !== waiting.dataset.says) say(stands.dataset.says);
    waiting.dataset.says = stands.dataset.says;
    waiting.dataset.state = stands.dataset.state;
    isOver = 'over' in stands.dataset;
    return true;
  };

  // Those of the page are good for as long; only they are written anew in each answer.
  const keepTokens = (fresh) => {
    const token = document.querySelector('[name=csrfmiddlewaretoken]');
    if (!token) return;
    fresh.querySelectorAll('[name=csrfmiddlewaretoken]').forEach((each) => each.setAttribute('value', token.value));
  };

  const ancestors = (element, part) => {
    const found = [];
    for (let each = element; each && part.contains(each) && each !== part; each = each.parentElement) found.push(each);
    return found;
  };

  // What had the focus is gone: the heading of what it was in has it, or that of the page.
  const focusHeading = (around, part) => {
    const left = around.find((each) => each.isConnected);
    const heading = (left && left.querySelector('h2, h3, caption, th')) || part.querySelector('h1, h2') || part;
    heading.setAttribute('tabindex', '-1');
    heading.focus({ preventScroll: true });
  };

  // --- Making one tree like the other, with as few changes as possible: what stays keeps focus and selection

  const isTouched = (field) => {
    if (field.type === 'checkbox' || field.type === 'radio') return field.checked !== field.defaultChecked;
    if (field.type === 'file') return field.value !== '';
    if (field.tagName === 'SELECT') {
      const preset = [...field.options].findIndex((each) => each.defaultSelected);
      return field.selectedIndex !== Math.max(preset, 0);
    }
    return field.type !== 'hidden' && 'defaultValue' in field && field.value !== field.defaultValue;
  };

  const isField = (node) => node.nodeType === Node.ELEMENT_NODE && node.matches('input, textarea, select');

  const holdsTouched = (node) => node.nodeType === Node.ELEMENT_NODE
    && [node, ...node.querySelectorAll('input, textarea, select')].some((each) => isField(each) && isTouched(each));

  const isSameKind = (old, fresh) => old.nodeName === fresh.nodeName
    && (old.nodeType !== Node.ELEMENT_NODE || (old.id === fresh.id && old.classList[0] === fresh.classList[0]));

  // Opened by a person, or shown by another script.
  const isOurs = (element, name) => (name === 'open' && element.tagName === 'DETAILS')
    || (name === 'hidden' && element.matches('button.copy'));

  const morph = (old, fresh) => {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeType !== Node.ELEMENT_NODE) {
      old.nodeValue = fresh.nodeValue;
    } else if (!(isField(old) && isTouched(old))) {
      for (const { name } of [...old.attributes]) {
        if (!fresh.hasAttribute(name) && !isOurs(old, name)) old.removeAttribute(name);
      }
      for (const { name, value } of fresh.attributes) {
        if (old.getAttribute(name) !== value && !isOurs(old, name)) old.setAttribute(name, value);
      }
      morphChildren(old, fresh);
    }
  };

  const remove = (node) => {
    if (!holdsTouched(node)) node.remove();  // what somebody is writing stays before them
  };

  const morphChildren = (parent, freshParent) => {
    const old = [...parent.childNodes];
    const fresh = [...freshParent.childNodes];
    let after = null;
    while (old.length && fresh.length && old[0].isEqualNode(fresh[0])) {
      old.shift();
      fresh.shift();
    }
    while (old.length && fresh.length && old.at(-1).isEqualNode(fresh.at(-1))) {
      after = old.pop();
      fresh.pop();
    }
    for (const node of fresh) {
      const place = old.findIndex((each) => isSameKind(each, node));
      if (place < 0) {
        parent.insertBefore(document.importNode(node, true), old[0] || after);
      } else {
        old.splice(0, place).forEach(remove);
        morph(old.shift(), node);
      }
    }
    old.forEach(remove);
  };

  if (!isOver) {
    refresh.hidden = true;
    SIGNS_OF_A_PERSON.forEach((sign) => document.addEventListener(sign, noticePerson, { passive: true }));
    document.addEventListener('visibilitychange', () => (document.hidden ? clearTimeout(timer) : lookAtOnce()));
    addEventListener('online', lookAtOnce);
    addEventListener('pageshow', (event) => event.persisted && lookAtOnce());
    schedule();
  }
}
