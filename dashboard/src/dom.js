// SPDX-License-Identifier: GPL-2.0-only
// Elements. Text is always text, never markup: subjects of commits are written by anybody.

/**
 * @param {string} tag with classes: 'td.num.wide'
 * @param {Object} [attributes] or the first child; functions are listeners
 * @param {...(Node|string|null|Array)} children
 */
export function h(tag, attributes, ...children) {
	const [name, ...classes] = tag.split('.');
	const element = document.createElement(name);
	if (classes.length)
		element.className = classes.join(' ');
	if (attributes instanceof Node || typeof attributes !== 'object' || Array.isArray(attributes)) {
		children.unshift(attributes);
		attributes = {};
	}
	for (const [key, value] of Object.entries(attributes ?? {})) {
		if (typeof value === 'function')
			element.addEventListener(key, value);
		else if (key === 'value' || key === 'checked')
			element[key] = value;
		else if (value !== null && value !== undefined && value !== false)
			element.setAttribute(key, value === true ? '' : value);
	}
	element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
	return element;
}

/** A <select> with the value that is chosen; calls back with a new one. */
export function select(label, options, value, onChange) {
	return h('label.field', h('span', label),
		h('select', { id: idOf(label), change: (event) => onChange(event.target.value) },
			options.map(([key, text]) => h('option', { value: key, selected: key === value }, text))));
}

/** A button that is pressed or not. */
export function toggle(label, pressed, onChange, attributes = {}) {
	return h('button.chip', { id: idOf(label), type: 'button', 'aria-pressed': String(pressed), click: () => onChange(!pressed), ...attributes }, label);
}

// The same control has the same id when the view is made anew, so that it keeps the focus.
function idOf(label) {
	return `c-${label.replace(/\W+/g, '-')}`;
}
