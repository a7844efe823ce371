/** What the people and agents of the repository have learned, in the two languages that they speak. */

/** An insight, and what was said of it later. */
export interface DemoInsight {
  readonly id: string
  readonly summary: string
  readonly domain: string
  readonly tags: readonly string[]
  readonly confidenceScore: number
  /** Days ago. */
  readonly age: number
  readonly by: string
}

const insight = (
  id: string,
  [domain, summary]: readonly [string, string],
  [confidenceScore, age, by]: readonly [number, number, string],
  ...tags: readonly string[]
): DemoInsight => ({ id, summary, domain, tags, confidenceScore, age, by })

/** Every insight. */
export const demoInsights: readonly DemoInsight[] = [
  insight(
    'webhook-twice',
    [
      'api',
      'Carriers deliver 0.4 % of their webhooks twice; the delivery id makes them idempotent.',
    ],
    [0.95, 21, 'agent:triage'],
    'webhooks',
    'idempotency',
  ),
  insight(
    'webhook-order',
    ['api', '배송 상태 웹훅은 순서가 뒤바뀌어 도착할 수 있으므로 시각이 아니라 버전으로 비교한다.'],
    [0.9, 12, 'agent:triage'],
    'webhooks',
  ),
  insight(
    'list-unbounded',
    ['api', 'GET /shipments without a limit answered 60,000 rows and ended the worker.'],
    [1, 30, 'owner'],
    'limits',
    'outage',
  ),
  insight(
    'lockfile-order',
    [
      'build',
      'The image is built from scratch whenever the order of package-lock.json changes: sort before hashing.',
    ],
    [0.8, 9, 'agent:ci-doctor'],
    'docker',
    'cache',
  ),
  insight(
    'cache-compiler',
    ['build', '빌드 캐시 키에 컴파일러 버전이 빠져 있어 오래된 산출물이 재사용되었다.'],
    [0.92, 6, 'agent:ci-doctor'],
    'cache',
  ),
  insight(
    'cache-stale',
    ['build', 'Stale artefacts come back after a compiler upgrade.'],
    [0.4, 16, 'agent:triage'],
    'cache',
  ),
  insight(
    'midnight',
    [
      'ci',
      'integration-tests fails one time in six when the clock of the carrier stub crosses midnight UTC.',
    ],
    [0.85, 4, 'agent:ci-doctor'],
    'flaky',
    'clock',
  ),
  insight(
    'load-window',
    ['ci', '야간 부하 시험은 02:00 이전에 끝나야 한다. 그 뒤에는 백업이 디스크를 모두 쓴다.'],
    [0.7, 8, 'owner'],
    'load-test',
  ),
  insight(
    'runner-memory',
    ['ci', 'build-image needs 3.1 GB at its peak; runners with 2 GB end it with exit code 137.'],
    [0.55, 2, 'agent:ci-doctor'],
    'memory',
  ),
  insight(
    'network-guess',
    ['ci', 'Perhaps the network of the second runner is slow on Mondays.'],
    [0.2, 40, 'agent:triage'],
    'guess',
  ),
  insight(
    'index-lock',
    ['database', 'CREATE INDEX without CONCURRENTLY locks writes to shipments for 40 seconds.'],
    [1, 25, 'owner'],
    'postgres',
    'migration',
  ),
  insight(
    'two-step-rename',
    ['database', '열 이름은 한 배포에서 바꾸지 않는다: 먼저 더하고, 다음 배포에서 지운다.'],
    [0.97, 14, 'owner'],
    'migration',
  ),
  insight(
    'token-in-url',
    ['security', 'Tokens in query strings end up in the log of the proxy: send them as headers.'],
    [1, 33, 'owner'],
    'secrets',
  ),
]

/** A way of doing things. */
export interface DemoPattern {
  readonly id: string
  readonly trigger: string
  readonly steps: readonly string[]
  readonly antiPatterns: readonly string[]
  readonly frequencyCount: number
  readonly successRate: number
  readonly age: number
}

/** Every pattern. */
export const demoPatterns: readonly DemoPattern[] = [
  {
    id: 'lock-a-table',
    trigger: 'A migration would lock a table for longer than a second',
    steps: [
      'Build the index CONCURRENTLY',
      'Watch pg_locks while it runs',
      'Validate the constraint in a second migration',
    ],
    antiPatterns: ['Raising lock_timeout until it passes'],
    frequencyCount: 14,
    successRate: 0.93,
    age: 60,
  },
  {
    id: 'flaky-test',
    trigger: '통합 시험이 이유 없이 가끔 실패할 때',
    steps: [
      '실패한 시험만 스무 번 되풀이한다',
      '시계를 고정하고 다시 돌린다',
      '시험들이 함께 쓰는 상태를 찾아 없앤다',
    ],
    antiPatterns: ['통과할 때까지 다시 돌리기'],
    frequencyCount: 22,
    successRate: 0.86,
    age: 50,
  },
  {
    id: 'image-137',
    trigger: 'A job ends with exit code 137',
    steps: [
      'Read peakMemoryBytes of its last runs',
      'Give it a larger runner, or build in two stages',
    ],
    antiPatterns: [],
    frequencyCount: 6,
    successRate: 0.67,
    age: 20,
  },
  {
    id: 'new-carrier',
    trigger: '새 배송사를 연결할 때',
    steps: [
      '웹훅 예시 열 개를 시험 자료로 둔다',
      '배달 번호가 되풀이되는지 본다',
      '요율 제한을 설정에 적는다',
    ],
    antiPatterns: [],
    frequencyCount: 5,
    successRate: 1,
    age: 90,
  },
  {
    id: 'incident-note',
    trigger: 'An outage is over',
    steps: ['Write one insight for each cause', 'Name the jobs that should have failed'],
    antiPatterns: ['Naming who did it'],
    frequencyCount: 0,
    successRate: 0,
    age: 3,
  },
]
