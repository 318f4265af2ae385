export function commentsOf(source: string): string[];
export function opensWithPronoun(comment: string): boolean;
export function refusedWords(text: string): { line: number; word: string }[];
