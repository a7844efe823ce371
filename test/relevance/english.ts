/** What the English documents of the relevance set are made of. Each subject and each aspect has several ways to be said. */

/** A thing that engineers write about: its names, of which the first is the usual one, and where it is met. */
export interface Subject {
  readonly names: readonly [string, ...string[]]
  readonly domain: string
  readonly tag: string
}

/** What happens to a thing: sentences with `$` for its name, and a word or two that such sentences share. */
export interface Aspect {
  readonly key: string
  readonly sentences: readonly [string, ...string[]]
}

const subject = (domain: string, tag: string, ...names: [string, ...string[]]): Subject => ({
  names,
  domain,
  tag,
})

export const englishSubjects: readonly Subject[] = [
  subject('build', 'cache', 'build cache', 'cache of the compiler', 'cached build output'),
  subject('build', 'linker', 'incremental linker', 'linker', 'link step'),
  subject('build', 'sandbox', 'build sandbox', 'sandboxed worker', 'sandbox'),
  subject('ci', 'runner', 'test runner', 'runner of the tests', 'test harness'),
  subject('ci', 'artifact', 'artifact upload', 'uploaded artifact', 'artifact store'),
  subject('ci', 'matrix', 'job matrix', 'matrix of jobs', 'expanded matrix'),
  subject('storage', 'journal', 'write-ahead log', 'journal', 'log of the database'),
  subject('storage', 'index', 'secondary index', 'index of the table', 'covering index'),
  subject('storage', 'snapshot', 'snapshot reader', 'reader of snapshots', 'consistent snapshot'),
  subject('storage', 'backup', 'nightly backup', 'backup', 'copy that is made at night'),
  subject('network', 'balancer', 'load balancer', 'balancer in front', 'proxy that spreads load'),
  subject('network', 'resolver', 'name resolver', 'resolver', 'lookup of host names'),
  subject('network', 'handshake', 'certificate handshake', 'handshake', 'negotiation of keys'),
  subject('network', 'socket', 'socket pool', 'pool of connections', 'pooled socket'),
  subject('queue', 'consumer', 'queue consumer', 'consumer of the queue', 'worker at the queue'),
  subject('queue', 'retry', 'retry loop', 'loop that tries again', 'retries'),
  subject('queue', 'scheduler', 'job scheduler', 'scheduler', 'planner of jobs'),
  subject('security', 'token', 'access token', 'token of the agent', 'bearer token'),
  subject('security', 'audit', 'audit trail', 'trail of who did what', 'audit record'),
  subject('security', 'secret', 'secret store', 'vault', 'kept secret'),
  subject('editor', 'completion', 'completion popup', 'suggestions while typing', 'completion'),
  subject('editor', 'diagnostic', 'diagnostic overlay', 'squiggles', 'shown diagnostic'),
  subject('editor', 'formatter', 'code formatter', 'formatter', 'formatting on save'),
  subject('agent', 'prompt', 'prompt template', 'template of the prompt', 'system prompt'),
  subject('agent', 'memory', 'agent memory', 'memory of the agent', 'what the agent remembers'),
  subject('agent', 'planner', 'plan of the agent', 'task plan', 'planned step'),
  subject('release', 'migration', 'schema migration', 'migration', 'change of the schema'),
  subject('release', 'flag', 'feature flag', 'flag', 'switch behind which a feature waits'),
  subject('release', 'rollout', 'staged rollout', 'rollout', 'gradual release'),
  subject('observability', 'metric', 'latency metric', 'measured latency', 'latency chart'),
]

const aspect = (key: string, ...sentences: [string, ...string[]]): Aspect => ({ key, sentences })

export const englishAspects: readonly Aspect[] = [
  aspect(
    'stale',
    'The $ was stale because its key left out the version.',
    'We served stale answers from the $ for an hour.',
    'Staleness of the $ went unnoticed until a customer asked.',
    'An outdated $ was taken for a fresh one.',
  ),
  aspect(
    'deadlock',
    'Two threads ended in a deadlock over the $.',
    'The $ deadlocked when both sides waited for the other.',
    'A lock order that differs made the $ hang; deadlock analysis found it.',
    'Everything stood still: the $ waited for a lock that it held itself.',
  ),
  aspect(
    'memory leak',
    'A memory leak in the $ grew by a gigabyte a day.',
    'The $ leaked memory whenever a request was cancelled.',
    'Memory of the $ leaks slowly, which the chart of the week shows.',
    'The heap kept every closed $ alive.',
  ),
  aspect(
    'timeout',
    'The $ ran into a timeout of thirty seconds.',
    'Timeouts of the $ were longer than those of its callers.',
    'A deadline that was never passed on made the $ time out.',
    'Callers gave up before the $ had answered.',
  ),
  aspect(
    'flaky',
    'The $ is flaky on slow machines and nowhere else.',
    'Flakiness of the $ came from a clock that was read twice.',
    'One run in forty fails: the $ is flaky since the upgrade.',
    'Now and then the $ fails without a reason that repeats.',
  ),
  aspect(
    'permission denied',
    'The $ got permission denied after the owner of the directory changed.',
    'Permissions were denied to the $ by the new policy.',
    'A missing permission kept the $ from starting.',
    'The policy refuses what the $ has to do.',
  ),
  aspect(
    'corrupt',
    'A corrupt page stopped the $ at its start.',
    'The $ was corrupted by a disk that lied about syncing.',
    'Corruption in the $ was found by its checksum.',
    'Half of the bytes of the $ belonged to something else.',
  ),
  aspect(
    'duplicate',
    'The $ made duplicate entries after a reconnect.',
    'Duplicates appear when the $ repeats what was answered.',
    'Deduplication by key keeps the $ from counting twice.',
    'The same thing came out of the $ twice.',
  ),
  aspect(
    'throughput',
    'Throughput of the $ doubled with batches of two hundred.',
    'The $ loses throughput to small writes.',
    'We measured the throughput of the $ before and after.',
    'The $ gets through twice as much since it works in groups.',
  ),
  aspect(
    'rollback',
    'A rollback of the $ took four minutes.',
    'The $ was rolled back after the second alarm.',
    'Rolling back the $ needs the old schema.',
    'We went back to the $ of last week.',
  ),
]

/** What else such notes say; none of it decides. */
export const englishContext = {
  openings: [
    'Seen on Monday.',
    'From the review of the incident.',
    'Decision of the team.',
    'A pattern by now.',
    'Noted while on call.',
    'Measured, not guessed.',
  ],
  asides: [
    'The other $ was not involved.',
    'It has nothing to do with the $.',
    'At first we suspected the $.',
    'The $ next to it went on as before.',
  ],
  remedies: [
    'Pinning the version helped.',
    'A test holds it now.',
    'The alarm fires earlier now.',
    'We wrote it down and moved on.',
    'Restarting is no remedy.',
    'The owner of the service was told.',
    'It costs one more round trip.',
  ],
} as const
