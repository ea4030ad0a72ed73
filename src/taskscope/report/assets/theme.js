// Before the first paint: scripts are on, and the theme the reader chose last time.
document.documentElement.classList.add("js");
try {
  const chosen = localStorage.getItem("taskscope-theme");
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch { /* no storage in a mail viewer: the system's theme holds */ }
