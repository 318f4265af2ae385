import { walksAllPaths } from './pathsRig.js';
import { workerModel } from './workerModel.js';

walksAllPaths(workerModel, 100);
