// What is said of each thing that was looked at.
import { isDeepStrictEqual } from "node:util";

/** Ends the program where `found` is not what was expected. */
export function same(what, found, expected) {
  holds(what, isDeepStrictEqual(found, expected), { found, expected });
}

/** Ends the program where it does not hold. */
export function holds(what, does, seen) {
  if (!does) throw new Error(`interop (browser): ${what}: ${JSON.stringify(seen)}`);
  console.log(`ok  ${what}`);
}
