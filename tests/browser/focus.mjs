// A walk through a page by the keyboard alone.
import assert from "node:assert/strict";

/**
 * Presses Tab until the focus is back on the page itself, and gives the stops in their order, each as `{ role, name, element }`: role and
 * name are what assistive software is told. Fails where more than `max` come, or where a stop does not show that it has the focus.
 *
 * What shows it is the element's own outline, or a box-shadow that it has only then.
 */
export async function tabStops(page, max = 100) {
  const cdp = await page.context().newCDPSession(page);
  try {
    await toTheTop(page, max);
    const stops = [];
    const handles = [];
    for (;;) {
      await page.keyboard.press("Tab");
      const look = await page.evaluate(looks);
      if (look === null) break;
      assert.ok(stops.length < max, `${page.url()}: the focus is not back after ${max} stops, the last ones ${list(stops.slice(-3))}`);
      stops.push({ ...(await accessible(cdp)), ...look });
      handles.push(await page.evaluateHandle(() => document.activeElement));
    }
    const hidden = [];
    for (const [index, stop] of stops.entries()) {
      const atRest = await handles[index].evaluate(looks);
      const outlined = stop.outline && stop.outline !== atRest.outline;
      const shadowed = stop.shadow && stop.shadow !== atRest.shadow;
      if (!stop.inView || !(outlined || shadowed)) hidden.push(stop);
    }
    assert.ok(hidden.length === 0, `${page.url()}: the focus is not seen on ${list(hidden)}`);
    return stops.map(({ role, name, element }) => ({ role, name, element }));
  } finally {
    await cdp.detach();
  }
}

/** Where something has the focus already, on from there to the end: what comes after it is the first. */
async function toTheTop(page, max) {
  for (let presses = 0; (await page.evaluate(looks)) !== null; presses += 1) {
    assert.ok(presses <= max, `${page.url()}: the focus does not come back to the page`);
    await page.keyboard.press("Tab");
  }
}

function list(stops) {
  return stops.map(({ role, name, element }) => `${role} "${name}" ${element}`).join(", ");
}

/** In the page: how the given element looks, or that which has the focus; null where that is the page itself. */
function looks(given) {
  const element = given ?? document.activeElement;
  if (element === null || element === document.body || element === document.documentElement) return null;
  const style = getComputedStyle(element);
  const drawn = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 && !/^(transparent|rgba\(.*, 0\))$/.test(style.outlineColor);
  const { top, bottom, left, right } = element.getBoundingClientRect();
  return {
    element: `<${element.localName}${element.id && ` id="${element.id}"`}>`,
    outline: drawn && `${style.outlineStyle} ${style.outlineWidth} ${style.outlineColor}`,
    shadow: style.boxShadow !== "none" && style.boxShadow,
    inView: right - left > 1 && bottom - top > 1 && bottom > 0 && top < innerHeight && right > 0 && left < innerWidth,
  };
}

/** What Chromium tells assistive software about the element that has the focus. */
async function accessible(cdp) {
  const { result } = await cdp.send("Runtime.evaluate", { expression: "document.activeElement" });
  const { nodes } = await cdp.send("Accessibility.getPartialAXTree", { objectId: result.objectId, fetchRelatives: false });
  return { role: nodes[0]?.role?.value ?? "", name: (nodes[0]?.name?.value ?? "").trim() };
}
