// What makes the pages more pleasant. Every page works without it.
"use strict";

// Before anything is drawn, so that nothing moves afterwards: the style sheet shows what needs this script, and hides what stands in for it.
document.documentElement.classList.add("con-script");

document.addEventListener("DOMContentLoaded", () => {
  // A choice that has a form of its own is sent when it is made: its button is for those without this script.
  for (const form of document.querySelectorAll("form[data-invia-subito]")) {
    form.addEventListener("change", () => form.submit());
  }

  // After a form that was sent with faults, whoever cannot see is taken to what is wrong.
  document.getElementById("errori")?.focus();

  // A box filters the long list of choices that it stands above.
  for (const box of document.querySelectorAll("input[data-filtra]")) {
    const items = document.querySelectorAll(`#${box.dataset.filtra} li`);
    box.addEventListener("input", () => {
      const words = box.value.toLowerCase();
      for (const item of items) item.hidden = !item.textContent.toLowerCase().includes(words);
    });
  }
});
