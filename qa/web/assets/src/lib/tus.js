// A small client of the resumable upload protocol tus 1.0: create, ask how far it got, send the rest in chunks.

import { ask, csrfToken, language } from "./page.js";

const CREATE = "/api/v1/uploads";
const CHUNK = 4 * 2 ** 20;
const TRIES = 6;
const FIRST_WAIT_MS = 800;
const HEAD = { "Tus-Resumable": "1.0.0" };

/** What tells that a file was begun before: its place in the browser's memory. */
const keyOf = (file) => `upload:${file.name}:${file.size}:${file.lastModified}`;

const remembered = (key) => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // private windows may forbid it; then an upload begins anew
  }
};
const remember = (key, value) => {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    /* see above */
  }
};

function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

async function create(file, fields) {
  const metadata = Object.entries({ filename: file.name, ...fields })
    .filter(([, value]) => value)
    .map(([name, value]) => `${name} ${base64(value)}`)
    .join(",");
  const headers = { ...HEAD, "Upload-Length": String(file.size), "Upload-Metadata": metadata };
  const made = await ask(CREATE, { method: "POST", headers });
  return new URL(made.headers.get("Location"), location.href).pathname;
}

/** Next byte wanted and, once taken in, the recording; null where the service knows nothing of it. */
async function stand(path, signal) {
  const answer = await fetch(path, { method: "HEAD", headers: HEAD, credentials: "same-origin", signal });
  if (answer.status === 404 || answer.status === 410) return null;
  if (!answer.ok) throw Object.assign(new Error(String(answer.status)), { status: answer.status });
  return { offset: Number(answer.headers.get("Upload-Offset")), recording: answer.headers.get("Tingjian-Recording") };
}

/** One chunk by XMLHttpRequest: fetch does not tell how much of a body has gone. */
function send(path, body, offset, onSent, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PATCH", path);
    const headers = { ...HEAD, "Upload-Offset": offset, "Content-Type": "application/offset+octet-stream" };
    Object.assign(headers, { "X-CSRF-Token": csrfToken(), "Accept-Language": language() });
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onSent(offset + event.loaded);
    request.onload = () => {
      if (request.status < 300) return resolve(request);
      let told = {};
      try {
        told = JSON.parse(request.responseText);
      } catch {
        /* a proxy's own page */
      }
      const error = new Error(told.detail || String(request.status));
      reject(Object.assign(error, { status: request.status }));
    };
    request.onerror = () => reject(Object.assign(new Error("network"), { status: 0 }));
    request.onabort = () => reject(Object.assign(new Error("aborted"), { aborted: true }));
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Whether trying the same again can help: the line was cut, or the service is starting or full. */
const passing = (error) => error.status === 0 || error.status === 408 || error.status === 409 || error.status >= 502;

/**
 * Sends a file and resolves to { recording, duplicate }. `onSent(bytes)` is told how far it is. A cut line is taken
 * up where it broke, after a reload of the page too. Rejects with the service's own sentence.
 */
export async function upload(file, fields, { onSent, signal }) {
  const key = keyOf(file);
  let path = remembered(key);
  for (let tries = 0; ; ) {
    try {
      let at = path ? await stand(path, signal) : null;
      if (at === null) {
        path = await create(file, fields);
        remember(key, path);
        at = { offset: 0, recording: null };
      }
      if (at.recording) {
        remember(key, null);
        return { recording: at.recording, duplicate: false };
      }
      let { offset } = at;
      onSent(offset);
      for (;;) {
        const chunk = file.slice(offset, offset + CHUNK);
        const answer = await send(path, chunk, offset, onSent, signal);
        offset = Number(answer.getResponseHeader("Upload-Offset"));
        tries = 0;
        const recording = answer.getResponseHeader("Tingjian-Recording");
        if (recording) {
          remember(key, null);
          return { recording, duplicate: answer.getResponseHeader("Tingjian-Duplicate") === "true" };
        }
        if (offset >= file.size) throw Object.assign(new Error("incomplete"), { status: 0 });
      }
    } catch (error) {
      if (error.aborted || signal.aborted) {
        if (path) fetch(path, { method: "DELETE", headers: { ...HEAD, "X-CSRF-Token": csrfToken() } }).catch(() => {});
        remember(key, null);
        throw Object.assign(error, { aborted: true });
      }
      const lost = error instanceof TypeError || passing(error);
      if (!lost || ++tries >= TRIES) {
        if (!lost) remember(key, null);
        throw error;
      }
      await wait(FIRST_WAIT_MS * 2 ** (tries - 1));
    }
  }
}
