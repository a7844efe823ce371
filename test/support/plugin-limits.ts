/** Why the limits of plugins have no case beside those of clients: where each is shown. */
export const pluginLimits = {
  pluginsMax: { shownBy: 'test/plugin/host.test.ts' },
  pluginStartMaxMs: { shownBy: 'test/plugin/isolation.test.ts' },
  pluginStopMaxMs: { shownBy: 'test/plugin/isolation.test.ts' },
  pluginAskedEveryMs: { shownBy: 'test/plugin/isolation.test.ts' },
  pluginHeapMaxKib: { shownBy: 'test/plugin/isolation.test.ts' },
  pluginMemoryMaxBytes: { shownBy: 'test/plugin/isolation.test.ts' },
  pluginCallsMax: { shownBy: 'test/plugin/hooks.test.ts' },
  pluginRequestsInFlightMax: { shownBy: 'test/plugin/isolation.test.ts' },
  pluginRestartMs: { shownBy: 'test/plugin/supervision.test.ts' },
  pluginCrashesMax: { shownBy: 'test/plugin/isolation.test.ts' },
  pluginCrashesWithinMs: { shownBy: 'test/plugin/supervision.test.ts' },
  pluginLogPerSecondMaxBytes: { shownBy: 'test/plugin/plugin-log.test.ts' },
  pluginLogFileMaxBytes: { shownBy: 'test/plugin/plugin-log.test.ts' },
  hookMaxMs: { shownBy: 'test/plugin/hooks.test.ts' },
  hookRoundsMax: { shownBy: 'test/plugin/hooks.test.ts' },
  causeDepthMax: { shownBy: 'test/plugin/reactions.test.ts' },
} as const
