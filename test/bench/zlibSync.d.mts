export const zlibSync: object | null;
export const zlibSyncFlaw: string;
