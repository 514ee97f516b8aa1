import { unreachable } from '../lib/unreachable.ts';
import type { Broadcast, BroadcastEnvironment, BroadcastPlan } from './broadcast.ts';
import { EventBroadcast } from './event-broadcast.ts';
import { LatestBroadcast } from './latest-broadcast.ts';
import { MirrorBroadcast } from './mirror-broadcast.ts';

/** The kind of broadcast that a plan asks for. */
export function createBroadcast(plan: BroadcastPlan, environment: BroadcastEnvironment): Broadcast {
  switch (plan.delivery) {
    case 'latest':
      return new LatestBroadcast(plan, environment);
    case 'every':
      return new EventBroadcast(plan, environment);
    case 'mirror':
      return new MirrorBroadcast(plan, environment);
    default:
      return unreachable(plan.delivery);
  }
}
