import { heartbeatModel } from './checkChild.js';
import { walksAllPaths } from './pathsRig.js';

walksAllPaths(heartbeatModel, 5);
