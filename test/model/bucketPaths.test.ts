import { bucketModel } from './checkChild.js';
import { walksAllPaths } from './pathsRig.js';

walksAllPaths(bucketModel, 31);
