/* The form of a complaint: counts for its proof of work while somebody writes, and holds the button until it is
   there. The same challenge as altcha's own: find the number whose SHA-256 behind the salt is the one asked for.
   Plain JavaScript, because an intranet speaks http and there crypto.subtle is missing; in small pieces, so that
   the keyboard never waits. No syntax younger than 2018: the WebView of an old phone would not read the file at
   all. Without it the form asks for a confirmation instead. */
(() => {
  "use strict";
  const form = document.getElementById("complaint"), field = document.getElementById("altcha"), line = document.getElementById("proof");
  if (!form || !field || !line) return;

  const K = new Uint32Array(64), START = new Uint32Array(8);
  (() => { // the constants of SHA-256: fractions of the roots of the first primes
    const fraction = (value) => ((value - Math.floor(value)) * 4294967296) >>> 0;
    for (let n = 2, i = 0; i < 64; n += 1) {
      let prime = true;
      for (let d = 2; d * d <= n; d += 1) if (n % d === 0) { prime = false; break; }
      if (!prime) continue;
      if (i < 8) START[i] = fraction(Math.sqrt(n));
      K[i] = fraction(Math.cbrt(n));
      i += 1;
    }
  })();
  const W = new Uint32Array(64), H = new Uint32Array(8);
  const block = (words, at) => {
    for (let i = 0; i < 16; i += 1) W[i] = words[at + i];
    for (let i = 16; i < 64; i += 1) {
      const x = W[i - 15], y = W[i - 2];
      W[i] = W[i - 16] + W[i - 7] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3) + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10);
    }
    let a = H[0], b = H[1], c = H[2], d = H[3], e = H[4], f = H[5], g = H[6], h = H[7];
    for (let i = 0; i < 64; i += 1) {
      const t = (h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (e & f ^ ~e & g) + K[i] + W[i]) | 0;
      const s = (((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b ^ a & c ^ b & c)) | 0;
      h = g; g = f; f = e; e = (d + t) | 0; d = c; c = b; b = a; a = (t + s) | 0;
    }
    H[0] += a; H[1] += b; H[2] += c; H[3] += d; H[4] += e; H[5] += f; H[6] += g; H[7] += h;
  };
  const matches = (text, wanted) => {
    const blocks = (text.length + 72) >> 6, words = new Uint32Array(blocks * 16);
    for (let i = 0; i < text.length; i += 1) words[i >> 2] |= text.charCodeAt(i) << (24 - (i & 3) * 8);
    words[text.length >> 2] |= 0x80 << (24 - (text.length & 3) * 8);
    words[blocks * 16 - 1] = text.length * 8;
    H.set(START);
    for (let i = 0; i < blocks; i += 1) block(words, i * 16);
    for (let i = 0; i < 8; i += 1) if (H[i] !== wanted[i]) return false;
    return true;
  };

  let held = null;
  const say = (words, done) => {
    line.hidden = false;
    line.textContent = words;
    line.classList.toggle("done", Boolean(done));
  };
  const finish = (answer) => {
    field.value = answer;
    say(line.dataset.done, true);
    if (!held) return;
    const button = held;
    held = null;
    if (form.requestSubmit) form.requestSubmit(button);
    else form.submit();
  };
  const solve = (challenge) => {
    const wanted = new Uint32Array(8).map((_, i) => parseInt(challenge.challenge.slice(i * 8, i * 8 + 8), 16));
    let number = 0;
    const piece = () => {
      const until = Date.now() + 12;
      while (number <= challenge.maxnumber) {
        if (matches(challenge.salt + number, wanted)) {
          finish(btoa(JSON.stringify({ algorithm: challenge.algorithm, challenge: challenge.challenge, number, salt: challenge.salt, signature: challenge.signature })));
          return;
        }
        number += 1;
        if (number % 64 === 0 && Date.now() > until) return void setTimeout(piece, 4);
      }
      line.hidden = true; // never: the server made the number. The confirmation page takes over.
      delete line.dataset.challenge;
    };
    say(line.dataset.working);
    piece();
  };

  form.addEventListener("submit", (event) => {
    const button = event.submitter || document.activeElement || form;
    const name = button === form ? "" : button.name;
    if (name === "facts") { // Enter in a line: the facts are there already
      event.preventDefault();
      return;
    }
    if (name || field.value || !line.dataset.challenge) return;
    event.preventDefault();
    held = form.querySelector("button.main");
    say(line.dataset.waiting);
  });

  if (field.value) say(line.dataset.done, true);
  else if (line.dataset.challenge) solve(JSON.parse(line.dataset.challenge));
})();
