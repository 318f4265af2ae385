import { identifyAllowanceModel } from './checkChild.js';
import { walksAllPaths } from './pathsRig.js';

walksAllPaths(identifyAllowanceModel, 200);
