// SPDX-License-Identifier: GPL-2.0-only
// What makes a page hard to use, as a list; run inside of it.

export function audit() {
	const found = [];
	const visible = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('.hidden, .skip, dialog:not([open])');
	const name = (element) => `${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ''}.${[...element.classList].join('.')} '${element.textContent.slice(0, 24)}'`;

	// Wider than the screen?
	if (document.documentElement.scrollWidth > innerWidth)
		found.push(`the page is ${document.documentElement.scrollWidth} wide on a screen of ${innerWidth}`);
	if (innerWidth < 720) {
		for (const box of document.querySelectorAll('.scroll')) {
			if (box.scrollWidth > box.clientWidth + 1)
				found.push(`a table is ${box.scrollWidth} wide in ${box.clientWidth}`);
		}
	}

	// Text: large enough, and of enough contrast (WCAG 2 AA) against what is behind it.
	const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
	const rgb = (colour) => {
		context.clearRect(0, 0, 1, 1);
		context.fillStyle = colour;
		context.fillRect(0, 0, 1, 1);
		return [...context.getImageData(0, 0, 1, 1).data];
	};
	const luminance = (colour) => rgb(colour).slice(0, 3).map((value) => {
		const part = value / 255;
		return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
	}).reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
	const behind = (element) => {
		for (; element; element = element.parentElement) {
			const colour = getComputedStyle(element).backgroundColor;
			if (rgb(colour)[3] === 255)
				return colour;
		}
		return 'white';
	};
	const seen = new Map();
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walker.nextNode()) {
		const element = walker.currentNode.parentElement;
		if (!walker.currentNode.data.trim() || element.closest('script, option, datalist, .off') || !visible(element))
			continue;
		const style = getComputedStyle(element);
		if (parseFloat(style.fontSize) < 12)
			found.push(`${name(element)} is ${style.fontSize}`);
		const pair = `${style.color} on ${behind(element)}`;
		if (!seen.has(pair)) {
			const [dark, light] = [luminance(style.color), luminance(behind(element))].sort((a, b) => a - b);
			seen.set(pair, (light + 0.05) / (dark + 0.05));
			if (seen.get(pair) < 4.5)
				found.push(`${name(element)}: ${pair} has a contrast of ${seen.get(pair).toFixed(2)}`);
		}
	}

	// Named, and in order, for those who hear it.
	for (const control of document.querySelectorAll('input, select, button, a')) {
		const label = control.getAttribute('aria-label') || control.closest('label')?.textContent || control.textContent;
		if (visible(control) && !label.trim())
			found.push(`${name(control)} has no name`);
	}
	for (const head of document.querySelectorAll('th:not([scope])'))
		found.push(`${name(head)} has no scope`);
	if (document.querySelectorAll('h1').length !== 1)
		found.push('there is not one h1');
	const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
	for (const id of ids.filter((each, at) => ids.indexOf(each) !== at))
		found.push(`there are two of #${id}`);
	return found;
}
