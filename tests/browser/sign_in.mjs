// The provider's pages, by the hands of a user.

/** On the provider's sign-in page: becomes the subject `login`, and waits until the browser is back at `base`. */
export async function signIn(page, login, base) {
  await page.getByLabel("Login").fill(login);
  await leave(page, "Sign in", base);
}

/** On the provider's sign-out page, which comes where it still has a session. */
export async function signOut(page, base) {
  await leave(page, "Sign out", base);
}

async function leave(page, button, base) {
  const back = page.waitForURL((url) => url.origin === base);
  await page.getByRole("button", { name: button }).click();
  await back;
}
