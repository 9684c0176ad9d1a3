// The preview's own script: renew the page after a save, and know keys. Without it everything else works.
"use strict";

const status = document.querySelector("[data-changes]");

async function renew() {
  const { version, changes } = status.dataset;
  const address = changes + "?seen=" + encodeURIComponent(version);
  status.textContent = "A save shows here by itself.";
  for (;;) {
    try {
      const answer = await fetch(address, { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.statusText);
      if ((await answer.json()).version !== version) {
        location.reload();
        return;
      }
    } catch {
      status.textContent = "The preview has ended. Start it again, and this page goes on.";
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

const keys = document.getElementById("keys");
const letters = document.getElementById("letter-keys");

function remembered(value) {
  // Some browsers keep nothing in private windows.
  try {
    if (value !== undefined) localStorage.setItem("preview-letter-keys", value);
    return localStorage.getItem("preview-letter-keys");
  } catch {
    return null;
  }
}

function after(list, isCurrent) {
  return list[(list.findIndex(isCurrent) + 1) % list.length];
}

function nextPatient() {
  const select = document.getElementById("patient");
  if (!select) return;
  select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
  select.form.requestSubmit();
}

function nextFinding() {
  const links = [...document.querySelectorAll(".finding a")];
  if (links.length) after(links, (link) => link.hasAttribute("aria-current")).click();
}

function pressed(key) {
  const all = [...document.querySelectorAll("[data-key='" + CSS.escape(key) + "']")];
  const other = all.find((each) => each.getAttribute("aria-pressed") !== "true" && !each.hasAttribute("aria-current"));
  if (other) other.click();
  return all.length > 0;
}

function onKey(event) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (event.target.closest("input, select, textarea")) return;
  const isArrow = event.key.startsWith("Arrow");
  if (!isArrow && !letters.checked) return;
  if (event.key === "n") nextPatient();
  else if (event.key === "f") nextFinding();
  else if (event.key === "?") keys.open = !keys.open;
  else if (!pressed(event.key)) return;
  event.preventDefault();
}

if (status) renew();
if (keys) {
  keys.hidden = false;
  letters.checked = remembered() !== "off";
  letters.addEventListener("change", () => remembered(letters.checked ? "on" : "off"));
  document.addEventListener("keydown", onKey);
  const chosen = document.querySelector(".finding.chosen");
  if (chosen) chosen.scrollIntoView({ block: "nearest" });
}
