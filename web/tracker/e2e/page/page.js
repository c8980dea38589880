// Starts the tracker with the options in the parameter `options`, and answers clicks.

const options = JSON.parse(new URLSearchParams(location.search).get("options") ?? "{}");
globalThis.tracker = globalThis.nestHaus.init(options);

document.getElementById("alive").addEventListener("click", () => {
  document.getElementById("answer").textContent += ".";
});
