document.documentElement.classList.remove("still");
for (const input of document.querySelectorAll(".pair input")) {
	const show = () => input.closest("figure").style.setProperty("--at", input.value + "%");
	input.addEventListener("input", show);
	show();
}
