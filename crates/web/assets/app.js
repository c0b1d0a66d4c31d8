// What the pages do beyond plain HTML. Everything works without it: the server renders whole pages.
'use strict';

// The error summary takes the focus, so that a screen reader starts with what is wrong.
const problem = document.getElementById('error-summary');
if (problem) {
  problem.focus();
  problem.addEventListener('click', (event) => {
    const link = event.target.closest('a[href^="#"]');
    const field = link && document.getElementById(link.hash.slice(1));
    if (field) {
      event.preventDefault();
      field.closest('.field, fieldset, .pick')?.scrollIntoView({ block: 'start' });
      field.focus({ preventScroll: true });
    }
  });
}

// The counter's one scan box has the focus when nothing else asks for it.
if (!problem) document.querySelector('[data-scan]:not([data-quiet])')?.focus({ preventScroll: true });

// A second click on a button that already sent its form does nothing (the server has one effect anyway).
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = 'yes';
  event.submitter?.setAttribute('aria-busy', 'true');
});
window.addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent;
  for (const button of document.querySelectorAll('[aria-busy]')) button.removeAttribute('aria-busy');
});

// A part of the page that changes while somebody waits: fetched again each second or so. When the page says another
// version of the application than the one shown, the whole page is loaded, because the next step is another one.
const live = document.querySelector('[data-live]');
if (live) {
  let pause = 1000;
  const look = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(live.dataset.live, { headers: { accept: 'text/html' }, cache: 'no-store', redirect: 'manual' });
        if (answer.type === 'opaqueredirect' || answer.status === 401) { location.reload(); return; }
        if (answer.ok) {
          if (answer.headers.get('x-version') !== live.dataset.version) { location.reload(); return; }
          live.innerHTML = await answer.text();
          pause = 1000;
        }
      } catch { pause = Math.min(pause * 2, 15000); }
    }
    setTimeout(look, pause);
  };
  setTimeout(look, pause);
}

// A status page brings itself up to date.
const again = document.querySelector('form[data-again]');
if (again) setTimeout(() => again.requestSubmit(), Number(again.dataset.again) * 1000);

// Printing from a button.
for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false;
  button.addEventListener('click', () => window.print());
}
