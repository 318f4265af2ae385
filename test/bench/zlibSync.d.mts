export function abortsWhenCollected(addon: Buffer, nodeVersion: string): boolean;
export const zlibSync: object | null;
export const zlibSyncFlaw: string;
