#!/usr/bin/env node
import { run } from './run.ts';

await run({ environment: process.env });
