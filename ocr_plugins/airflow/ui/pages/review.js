"use strict";
const main = document.getElementById("review");
const words = [...main.querySelectorAll(".word[data-word]")];
const inputs = words.map((word) => word.querySelector("input")).filter(Boolean);
const told = document.getElementById("told");
const api = "../api/v2/dags/" + encodeURIComponent(main.dataset.dag)
  + "/dagRuns/" + encodeURIComponent(main.dataset.run)
  + "/taskInstances/" + encodeURIComponent(main.dataset.task)
  + "/" + main.dataset.index + "/hitlDetails";

// A text that looks like a choice is marked as text; an empty one that was chosen is "nothing".
function answerOf(word) {
  const input = word.querySelector("input");
  const text = input.value.trim();
  if (word.dataset.nothing && !text) return "#0";
  return /^#\d+$|^\\/.test(text) ? "\\" + text : text;
}

function choose(word, button) {
  const input = word.querySelector("input");
  if (!input) return;
  input.value = button.dataset.text;
  if (button.dataset.answer === "#0") word.dataset.nothing = "yes";
  else delete word.dataset.nothing;
  mark(word);
  next(word);
}

function mark(word) {
  for (const button of word.querySelectorAll(".choices button")) {
    const chosen = button.dataset.answer === "#0"
      ? Boolean(word.dataset.nothing) && !word.querySelector("input").value
      : button.dataset.text === word.querySelector("input").value;
    button.setAttribute("aria-pressed", String(chosen));
  }
}

function next(word) {
  const at = inputs.indexOf(word.querySelector("input"));
  const target = inputs[at + 1] || document.getElementById("save");
  target.focus();
  target.scrollIntoView({block: "center"});
}

for (const word of words) {
  const input = word.querySelector("input");
  for (const button of word.querySelectorAll(".choices button")) {
    if (input) button.addEventListener("click", () => choose(word, button));
    else button.disabled = true;
  }
  if (!input) continue;
  input.addEventListener("input", () => { delete word.dataset.nothing; mark(word); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); next(word); }
    if (event.altKey && /^Digit\d$/.test(event.code)) {
      const button = word.querySelector(`[data-answer="#${event.code.slice(5)}"]`);
      if (button) { event.preventDefault(); choose(word, button); }
    }
  });
}

async function send(option) {
  const answers = {};
  for (const word of words) answers["word_" + word.dataset.word.padStart(3, "0")] = answerOf(word);
  told.textContent = "Saving";
  const answer = await fetch(api, {
    method: "PATCH",
    headers: {"Content-Type": "application/json"},
    body: JSON.stringify({chosen_options: [option], params_input: answers}),
  }).catch(() => null);
  if (answer && answer.ok) {
    told.textContent = "Saved. The run goes on.";
    for (const control of main.querySelectorAll("input, .choices button, .bar button")) control.disabled = true;
  } else {
    told.textContent = !answer ? "The server cannot be reached; try again."
      : answer.status === 403 ? "You may not answer for this DAG."
      : answer.status === 409 ? "This was answered already."
      : `It was not saved (${answer.status}); try again.`;
  }
}

document.getElementById("save")?.addEventListener("click", (event) => send(event.target.textContent));
document.getElementById("leave")?.addEventListener("click", (event) => send(event.target.textContent));

for (const button of main.querySelectorAll(".undo")) {
  button.addEventListener("click", async () => {
    const query = new URLSearchParams({dag_id: main.dataset.dag, ...button.dataset});
    const answer = await fetch("answers/undo?" + query, {method: "POST"}).catch(() => null);
    button.disabled = Boolean(answer && answer.ok);
    button.textContent = answer && answer.ok ? "taken back" : "not taken back; try again";
  });
}

inputs[0]?.focus();
