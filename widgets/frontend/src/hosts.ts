/**
 * Jupyter's shortcuts are told to keep out: Notebook hears keys before the element that has the focus, which is
 * where it looks for this first.
 */
export const OURS = { "data-lm-suppress-shortcuts": "true" };
