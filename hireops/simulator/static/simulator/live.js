// Fetches the parts of the page that have changed, every two seconds. Without it the page works by reload.
"use strict";

const EVERY_MS = 2000;

function markDirty(event) {
  const region = event.target.closest("[data-live]");
  if (region && event.target.matches("input:not([type=hidden]), select, textarea")) {
    region.dataset.dirty = "true";
  }
}

async function refresh(region, version) {
  if (region.dataset.dirty) {
    region.querySelector("[data-stale]")?.removeAttribute("hidden");
    return;
  }
  const answer = await fetch(region.dataset.url);
  if (!answer.ok || region.dataset.dirty) return;
  const html = await answer.text();
  const open = [...region.querySelectorAll("details[open]")].map((details) => details.dataset.key);
  const focused = region.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  region.innerHTML = html;
  region.dataset.version = version;
  for (const key of open) {
    region.querySelector(`details[data-key="${CSS.escape(key)}"]`)?.setAttribute("open", "");
  }
  if (focused) region.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
}

async function look() {
  if (document.hidden) return;
  const answer = await fetch(document.body.dataset.versions);
  if (!answer.ok) return;
  const versions = await answer.json();
  for (const region of document.querySelectorAll("[data-live]")) {
    const version = String(versions[region.dataset.live]);
    if (version !== region.dataset.version) await refresh(region, version);
  }
}

async function lookAgain() {
  try {
    await look();
  } catch {
    // The simulator is away for a moment; the next look will tell.
  }
  setTimeout(lookAgain, EVERY_MS);
}

document.addEventListener("input", markDirty);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look().catch(() => {}); });
setTimeout(lookAgain, EVERY_MS);
