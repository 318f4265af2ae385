/** The page's files by request path, as JSON, compressed with Brotli, in base64: what `npm run build` writes. */
export const page: string;
