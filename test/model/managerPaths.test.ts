import { managerModel } from './managerModel.js';
import { walksAllPaths } from './pathsRig.js';

walksAllPaths(managerModel, 301);
