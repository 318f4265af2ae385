import { identifyQueueModel } from './checkChild.js';
import { walksAllPaths } from './pathsRig.js';

walksAllPaths(identifyQueueModel, 31);
