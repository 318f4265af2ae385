/** True where the panels stand beside each other (see style.css), false where they are stacked. */
export const isWide = matchMedia('(min-width: 1200px)');

/** True where the viewer prefers reduced motion. */
export const isCalm = matchMedia('(prefers-reduced-motion: reduce)');
