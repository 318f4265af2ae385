export { attachInspector, type Inspector } from './attach.js';
export { InspectorError, type InspectorErrorCode } from './inspectorError.js';
export type { InspectedGroup, InspectedShard, InspectorOptions } from './options.js';
