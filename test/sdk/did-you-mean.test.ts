import assert from 'node:assert/strict'
import { test } from 'node:test'
import { didYouMean } from '../../sdk/did-you-mean.ts'

const names = ['summary', 'domain', 'tags', 'confidenceScore', 'id', 'createdAt', 'createdBy']
const cases: readonly (readonly [name: string, meant: string | undefined])[] = [
  ['sumary', 'summary'],
  ['summmary', 'summary'],
  ['smumary', 'summary'],
  ['SUMMARY', 'summary'],
  ['confidencescore', 'confidenceScore'],
  ['confidenceScores', 'confidenceScore'],
  ['created', 'createdAt'],
  ['createdby', 'createdBy'],
  ['tag', 'tags'],
  ['tgas', 'tags'],
  ['ie', 'id'],
  ['xy', undefined],
  ['completely', undefined],
  ['', undefined],
  ['s'.repeat(65), undefined],
]
for (const [name, meant] of cases) {
  test(`${JSON.stringify(name.slice(0, 20))} means ${meant}`, () => {
    assert.equal(didYouMean(name, names), meant)
  })
}

test('the nearest name is meant, and of equally near ones the first', () => {
  assert.equal(didYouMean('aac', ['aaaa', 'aacb', 'aacd']), 'aacb')
  assert.equal(didYouMean('aac', ['abb', 'aac']), 'aac')
})

test('nothing is meant where nothing is known', () => assert.equal(didYouMean('a', []), undefined))
