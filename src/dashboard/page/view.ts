import type { Model, News } from './model.js';

/** A part of the page. Draws what is new, at most once a frame. */
export interface View {
  draw(model: Model, news: News): void;
}
