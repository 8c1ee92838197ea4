// The pages of the provider. Those that oidc-provider brings along fetch fonts from elsewhere.

export function page(title, body) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body><h1>${title}</h1>${body}</body></html>`;
}

/** Asks who it is. */
export function form(action) {
  return `<form method="post" action="${escaped(action)}"><label>Login <input name="login" required autofocus></label> <button>Sign in</button></form>`;
}

export function escaped(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
