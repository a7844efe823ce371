/**
 * A labelled set: notes of engineers in English and Korean, and questions with what answers them. It is made, the same each
 * time, from lists of subjects and aspects, so that what is relevant is known by construction: a note about another
 * subject shares the aspect's words, one about another aspect the subject's, and each names a further subject in passing.
 */
import {
  type Aspect,
  englishAspects,
  englishContext,
  englishSubjects,
  type Subject,
} from './english.ts'
import { koreanAspects, koreanContext, koreanSubjects } from './korean.ts'
import { withParticles } from './particles.ts'

/** The languages of the set. */
export type Language = 'english' | 'korean'

/** A note, as an insight. */
export interface Note {
  readonly id: string
  readonly language: Language
  readonly summary: string
  readonly domain: string
  readonly tags: readonly string[]
  /** What it is about. */
  readonly subject: number
  readonly aspect: number
  /** What it names in passing. */
  readonly aside: number
}

/** A question: what somebody types, and how relevant each note is to it, 2 or 1; the others are not. */
export interface Question {
  readonly language: Language
  readonly text: string
  /** What makes it hard, for the report. */
  readonly kind: 'both' | 'subject' | 'aspect' | 'prefix' | 'phrase' | 'other form' | 'mixed'
  readonly grades: ReadonlyMap<string, 1 | 2>
}

interface Parts {
  readonly language: Language
  readonly subjects: readonly Subject[]
  readonly aspects: readonly Aspect[]
  readonly context: {
    readonly openings: readonly string[]
    readonly asides: readonly string[]
    readonly remedies: readonly string[]
  }
  readonly fill: (sentence: string, name: string) => string
}

const english: Parts = {
  language: 'english',
  subjects: englishSubjects,
  aspects: englishAspects,
  context: englishContext,
  fill: (sentence, name) => sentence.replace('$', name),
}
const korean: Parts = {
  language: 'korean',
  subjects: koreanSubjects,
  aspects: koreanAspects,
  context: koreanContext,
  fill: withParticles,
}

/** Four notes of each subject and aspect, each said in another way: 1,200 in English, 900 in Korean. */
export function relevanceNotes(): Note[] {
  return [english, korean].flatMap(notesOf)
}

function notesOf({ language, subjects, aspects, context, fill }: Parts): Note[] {
  const notes: Note[] = []
  for (const [s, subject] of subjects.entries()) {
    for (const [a, aspect] of aspects.entries()) {
      for (const [n, sentence] of aspect.sentences.entries()) {
        const at = (s * aspects.length + a) * 4 + n
        const aside = (s + 1 + ((at * 7) % (subjects.length - 1))) % subjects.length
        const name = pick(subject.names, at + a)
        const asideName = pick(subjects[aside]?.names ?? subject.names, at)
        const summary = [
          pick(context.openings, at),
          fill(sentence, name),
          ...(at % 3 === 0 ? [] : [fill(pick(context.asides, at + s), asideName)]),
          pick(context.remedies, at * 3 + a),
        ].join(' ')
        const tags = at % 2 === 0 ? [subject.tag] : [subject.tag, pick(aspects, at).key]
        const id = `${language}-${s}-${a}-${n}`
        notes.push({
          id,
          language,
          summary,
          domain: subject.domain,
          tags,
          subject: s,
          aspect: a,
          aside,
        })
      }
    }
  }
  return notes
}

/** Fifty questions in each language. Half of them leave open what is meant, and have many answers of two grades. */
export function relevanceQuestions(notes: readonly Note[]): Question[] {
  return [...questionsOf(english, notes), ...questionsOf(korean, notes)]
}

function questionsOf({ language, subjects, aspects }: Parts, notes: readonly Note[]): Question[] {
  const own = notes.filter((note) => note.language === language)
  const graded = (grade: (note: Note) => 0 | 1 | 2): ReadonlyMap<string, 1 | 2> =>
    new Map(
      own.flatMap((note) => {
        const given = grade(note)
        return given === 0 ? [] : [[note.id, given]]
      }),
    )
  const about = (s: number) => graded((note) => (note.subject === s ? 2 : note.aside === s ? 1 : 0))
  const of = (a: number) => graded((note) => (note.aspect === a ? 2 : 0))
  const both = (s: number, a: number) =>
    graded((note) => (note.subject !== s ? 0 : note.aspect === a ? 2 : 0))
  const questions: Question[] = []
  const ask = (kind: Question['kind'], text: string, grades: Question['grades']): void => {
    questions.push({ language, kind, text, grades })
  }
  for (let n = 0; n < 15; n++) {
    const [s, a] = [(n * 5 + 2) % subjects.length, (n * 3 + 1) % aspects.length]
    ask('both', `${nameOf(subjects, s)} ${aspects[a]?.key}`, both(s, a))
  }
  for (let n = 0; n < 15; n++) {
    const s = (n * 2 + 1) % subjects.length
    ask('subject', subjects[s]?.names[n % 3] ?? '', about(s))
  }
  for (const [a, { key }] of aspects.slice(0, 8).entries()) ask('aspect', key, of(a))
  const hard = language === 'english' ? englishQuestions : koreanQuestions
  for (const { kind, text, subject, aspect } of hard) {
    const s = subjects.findIndex(({ tag }) => tag === subject)
    const a = aspects.findIndex(({ key }) => key === aspect)
    ask(kind, text, subject === undefined ? of(a) : aspect === undefined ? about(s) : both(s, a))
  }
  return questions
}

interface HardQuestion {
  readonly kind: Question['kind']
  readonly text: string
  readonly subject?: string
  readonly aspect?: string
}

const englishQuestions: readonly HardQuestion[] = [
  { kind: 'prefix', text: 'dedup*', aspect: 'duplicate' },
  { kind: 'prefix', text: 'cach* stale*', subject: 'cache', aspect: 'stale' },
  { kind: 'prefix', text: 'migrat* corrupt*', subject: 'migration', aspect: 'corrupt' },
  { kind: 'prefix', text: 'sched* dead*', subject: 'scheduler', aspect: 'deadlock' },
  { kind: 'phrase', text: '"memory leak"', aspect: 'memory leak' },
  {
    kind: 'phrase',
    text: '"permission denied" vault',
    subject: 'secret',
    aspect: 'permission denied',
  },
  { kind: 'phrase', text: '"rolled back" flag', subject: 'flag', aspect: 'rollback' },
  { kind: 'phrase', text: '"load balancer" timeout', subject: 'balancer', aspect: 'timeout' },
  { kind: 'other form', text: 'Leaked MEMORY runner', subject: 'runner', aspect: 'memory leak' },
  { kind: 'other form', text: 'duplicates consumer', subject: 'consumer', aspect: 'duplicate' },
  { kind: 'mixed', text: 'resolver OR balancer', subject: 'resolver' },
  { kind: 'mixed', text: 'journal corrupted OR corruption', subject: 'journal', aspect: 'corrupt' },
]

const koreanQuestions: readonly HardQuestion[] = [
  { kind: 'other form', text: '캐시', subject: '캐시' },
  { kind: 'other form', text: '교착상태', aspect: '교착' },
  { kind: 'other form', text: '메모리누수', aspect: '메모리 누수' },
  { kind: 'other form', text: '시간초과', aspect: '시간 초과' },
  { kind: 'other form', text: '백업이 손상', subject: '백업', aspect: '손상' },
  { kind: 'other form', text: '색인을 되돌리', subject: '색인', aspect: '되돌리기' },
  { kind: 'prefix', text: '처리*', aspect: '처리량' },
  { kind: 'prefix', text: '마이그* 권한', subject: '이전', aspect: '권한' },
  { kind: 'phrase', text: '"메모리 누수" 소켓', subject: '소켓', aspect: '메모리 누수' },
  { kind: 'phrase', text: '"접근 토큰" 만료', subject: '토큰', aspect: '만료' },
  { kind: 'mixed', text: 'WAL', subject: '로그' },
  { kind: 'mixed', text: 'DNS 시간', subject: '이름', aspect: '시간 초과' },
  { kind: 'mixed', text: 'tls 핸드셰이크 권한', subject: '인증서', aspect: '권한' },
]

function nameOf(subjects: readonly Subject[], at: number): string {
  return subjects[at]?.names[0] ?? ''
}

function pick<T>(list: readonly [T, ...T[]] | readonly T[], at: number): T {
  const found = list[at % list.length]
  if (found === undefined) throw new Error('expected a list of some')
  return found
}
