// The login page follows the system's scheme, as the studio does.
document.documentElement.classList.toggle("dark", matchMedia("(prefers-color-scheme: dark)").matches);
