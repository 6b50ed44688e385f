// What the server wrote into the page for scripts.

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";

/** The token that every changing request carries. */
export const csrfToken = () => meta("csrf");

/** The page's language as a tag: zh-Hans, zh-Hant or en. */
export const language = () => document.documentElement.lang || "zh-Hans";

/** Texts a script shows: <script type="application/json" id="texts"> holds name -> sentence with {placeholders}. */
export function texts(id = "texts") {
  const found = JSON.parse(document.getElementById(id)?.textContent || "{}");
  return (name, values = {}) =>
    (found[name] ?? name).replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
}

/** fetch() of our own service: with the token and the page's language; a refusal becomes an Error with its sentence. */
export async function ask(path, options = {}) {
  const headers = { Accept: "application/json", "Accept-Language": language(), ...options.headers };
  if (options.method && options.method !== "GET") headers["X-CSRF-Token"] = csrfToken();
  const response = await fetch(path, { credentials: "same-origin", ...options, headers });
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  throw Object.assign(new Error(told.detail || `${response.status} ${response.statusText}`), {
    status: response.status,
    code: told.code,
  });
}
