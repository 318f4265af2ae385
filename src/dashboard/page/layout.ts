/** Whether the panels stand beside each other, as style.css has it; else one is below the other. */
export const isWide = matchMedia('(min-width: 1200px)');

/** Whether the viewer would rather have nothing move. */
export const isCalm = matchMedia('(prefers-reduced-motion: reduce)');
