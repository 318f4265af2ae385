import { ownershipModel } from './ownershipModel.js';
import { walksAllPaths } from './pathsRig.js';

walksAllPaths(ownershipModel, 18);
