/** The test kit for authors of plugins, `orion/sdk/testing`. */

export type { Duration, TestClock } from './test-clock.ts'
export {
  type TestClientOptions,
  type TestDaemon,
  type TestDaemonOptions,
  testDaemon,
} from './test-daemon.ts'
