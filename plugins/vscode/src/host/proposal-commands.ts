/** Deciding about proposals. Nobody answers for the person: what is decided was shown, and is asked about. */
import { window } from 'vscode'
import { isOrionError } from '../../../../sdk/errors.ts'
import {
  ApproveProposal,
  CancelProposal,
  commentMaxLength,
  DiffProposal,
  ExecuteProposal,
  type ProposalDifference,
  type ProposalResult,
  RejectProposal,
  SubmitProposal,
} from '../../../../sdk/protocol/proposals.ts'
import { questionText, refusalText, voidReason } from '../model/proposal-document.ts'
import type { RecordAddress } from '../model/record-address.ts'
import { plainLine } from '../model/visible-text.ts'
import type { StoreSession } from '../views/store-session.ts'
import type { ProposalReviews } from './proposal-reviews.ts'
import { openRecord } from './record-commands.ts'
import type { Stores } from './stores.ts'

/** What the commands need. */
export interface ProposalDesk {
  readonly stores: Stores
  readonly reviews: ProposalReviews
}

/** Approves exactly what the question shows: its digest goes with the answer. */
export async function approveProposal(desk: ProposalDesk, address: RecordAddress): Promise<void> {
  const shown = await look(desk, address, 'pending')
  if (shown === undefined) return
  const { session, seen, digest } = shown
  if (!(await agrees('Approve exactly this?', seen, 'Approve'))) return
  const approverSecret = seen.approver ? await askSecret() : undefined
  if (seen.approver && approverSecret === undefined) return
  const secret = approverSecret === undefined ? {} : { approverSecret }
  const result = await decide(() =>
    session.client.request(ApproveProposal, { id: address.id, digest, ...secret }),
  )
  if (result === undefined) return
  if (result.status !== 'approved') return await tellMoved(result)
  const chosen = await window.showInformationMessage('The proposal is approved.', execute)
  if (chosen === execute) await executeProposal(desk, address)
}

/** Rejects a proposal, and says why. */
export async function rejectProposal(desk: ProposalDesk, address: RecordAddress): Promise<void> {
  const shown = await look(desk, address, 'pending')
  if (shown === undefined) return
  const comment = await window.showInputBox({
    title: 'Reject the Proposal',
    prompt: 'Why? Whoever proposed it reads this.',
    ignoreFocusOut: true,
    validateInput: (text) => {
      if (text.trim() === '') return 'Say why it is rejected.'
      return text.length > commentMaxLength
        ? `At most ${commentMaxLength} characters, not ${text.length}.`
        : undefined
    },
  })
  if (comment === undefined) return
  const { session, digest } = shown
  const result = await decide(() =>
    session.client.request(RejectProposal, { id: address.id, digest, comment }),
  )
  if (result !== undefined) await tellMoved(result)
}

/** Carries out what was approved, after a question. */
export async function executeProposal(desk: ProposalDesk, address: RecordAddress): Promise<void> {
  const shown = await look(desk, address, 'approved')
  if (shown === undefined) return
  const { session, seen, digest } = shown
  if (!(await agrees('Carry out exactly this?', seen, 'Execute'))) return
  const result = await decide(() =>
    session.client.request(ExecuteProposal, { id: address.id, digest }),
  )
  if (result !== undefined) await tellMoved(result)
}

/** Hands a draft in. */
export async function submitProposal(desk: ProposalDesk, address: RecordAddress): Promise<void> {
  const session = sessionOf(desk, address)
  const result = await decide(() => session.client.request(SubmitProposal, { id: address.id }))
  if (result !== undefined) await tellMoved(result)
}

/** Takes a proposal back, after a question. */
export async function cancelProposal(desk: ProposalDesk, address: RecordAddress): Promise<void> {
  const session = sessionOf(desk, address)
  const seen = await session.client.request(DiffProposal, { id: address.id })
  if (!(await agrees('Take this proposal back?', seen, 'Take Back'))) return
  const result = await decide(() => session.client.request(CancelProposal, { id: address.id }))
  if (result !== undefined) await tellMoved(result)
}

const execute = 'Execute…'

interface Shown {
  readonly session: StoreSession
  readonly seen: ProposalDifference
  readonly digest: string
}

/**
 * What the proposal is now, if it can be decided about and is what an open document shows. Where something is in the way it is
 * told, and the document is opened.
 */
async function look(
  desk: ProposalDesk,
  address: RecordAddress,
  wanted: ProposalDifference['status'],
): Promise<Shown | undefined> {
  const session = sessionOf(desk, address)
  const before = desk.reviews.seen(address)
  const seen = await session.client.request(DiffProposal, { id: address.id })
  const reason = voidReason(seen)
  const { digest } = seen
  if (reason !== undefined || digest === undefined) {
    await tellAndOpen(
      address,
      `Nothing can be decided about it: ${plainLine(reason ?? 'it was not handed in', 200)}.`,
    )
    return undefined
  }
  if (seen.status !== wanted) {
    await tellAndOpen(address, `It is ${seen.status}, not ${wanted}: nothing was done.`)
    return undefined
  }
  if (before?.digest !== undefined && before.digest !== digest) {
    await tellAndOpen(
      address,
      'It has been changed since it was shown to you. Look at it again, and decide then.',
    )
    return undefined
  }
  return { session, seen, digest }
}

async function tellAndOpen(address: RecordAddress, message: string): Promise<void> {
  await openRecord(address, { preview: false })
  await window.showWarningMessage(message)
}

async function agrees(question: string, seen: ProposalDifference, yes: string): Promise<boolean> {
  const options = { modal: true, detail: questionText(seen) }
  return (await window.showWarningMessage(question, options, yes)) === yes
}

async function askSecret(): Promise<string | undefined> {
  const secret = await window.showInputBox({
    title: 'Passphrase or Key of the Approver',
    prompt: 'The owner of this store has made approving need it. It is not kept.',
    password: true,
    ignoreFocusOut: true,
  })
  return secret === '' ? undefined : secret
}

/** What came of it; undefined when it was refused for a reason that was told. */
async function decide(ask: () => Promise<ProposalResult>): Promise<ProposalResult | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (!isOrionError(error, 'conflict')) throw error
    await window.showWarningMessage(plainLine(refusalText(error.data), 400))
    return undefined
  }
}

async function tellMoved({ status, approvals, quorum }: ProposalResult): Promise<void> {
  switch (status) {
    case 'executed':
      await window.showInformationMessage('The proposal is carried out.')
      return
    case 'pending':
      await window.showInformationMessage(
        `The proposal waits: ${approvals} of ${quorum} have approved it.`,
      )
      return
    case 'failed':
      await window.showErrorMessage(
        'It was refused when it was carried out: nothing of it was kept. The document of the proposal says why.',
      )
      return
    case 'stale':
      await window.showWarningMessage(
        'The proposal is void: what it is based on has changed. Nothing was done; ask for a new one.',
      )
      return
    default:
      await window.showInformationMessage(`The proposal is ${status}.`)
  }
}

function sessionOf({ stores }: ProposalDesk, { store }: RecordAddress): StoreSession {
  const session = stores.find(store)
  if (session === undefined)
    throw new Error('The store of this proposal is not open in this window.')
  return session
}
