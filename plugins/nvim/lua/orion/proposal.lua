--- A proposal: what it would change, and the decision about exactly that.
local buffers = require('orion.buffers')
local config = require('orion.config')
local faces = require('orion.faces')
local instant = require('orion.instant')
local json = require('orion.json')
local page = require('orion.page')
local paint = require('orion.paint')
local program = require('orion.program')
local safe = require('orion.safe')

local M = {}

local value_max_bytes = 20000

local signs = { create = '+', update = '~', delete = '-', archive = '-', restore = '+' }

--- Lines of a value, before or after. What is cut is said, because who approves has to know.
local function value_lines(lines, sign, name, value, group)
  local text = type(value) == 'string' and value or json.pretty(value)
  local shown = safe.head(text, value_max_bytes)
  for index, line in ipairs(safe.lines(shown)) do
    local lead = index == 1 and ('%s %s: '):format(sign, safe.line(name)) or sign .. '   '
    table.insert(lines, { { '    ' .. lead .. line, group } })
  end
  if #shown == #text then
    return 0
  end
  table.insert(lines, { { ('    %s   … too large to show: %d of %d bytes are here'):format(sign, #shown, #text), 'OrionBad' } })
  return 1
end

--- The lines of what a proposal would change, and how many values were cut.
local function draw(seen)
  local cut = 0
  local lines = {
    { { 'Proposal ', 'OrionTitle' }, { safe.line(seen.id), 'OrionId' } },
    {
      { seen.status, paint.of_state(seen.status) },
      { (', %d of %d approvals'):format(seen.approvals, seen.quorum) },
      { '  ' .. safe.line(seen.actionType), 'OrionType' },
      { '  by ' .. safe.line(seen.createdBy), 'OrionDim' },
    },
  }
  if type(seen.reason) == 'string' then
    for _, line in ipairs(safe.lines(seen.reason)) do
      table.insert(lines, { { line } })
    end
  end
  if seen.expiresAt then
    table.insert(lines, { { 'void after ' .. instant.long(seen.expiresAt), 'OrionDim' } })
  end
  for _, moved in ipairs(seen.moved) do
    local text = ('! %s %s has moved from version %s to %s: the proposal is void'):format(
      moved.type,
      moved.id,
      type(moved.expected) == 'number' and moved.expected or 'none',
      type(moved.found) == 'number' and moved.found or 'none'
    )
    table.insert(lines, { { safe.line(text), 'OrionBad' } })
  end
  if seen.problem then
    table.insert(lines, { { safe.line('! it would fail: ' .. seen.problem), 'OrionBad' } })
  end
  for _, one in ipairs(seen.operations) do
    table.insert(lines, { { '' } })
    table.insert(lines, {
      { ('%s %s '):format(signs[one.op] or '?', one.op), 'OrionTitle' },
      { safe.line(one.type) .. ' ', 'OrionType' },
      { safe.line(one.id), 'OrionId' },
      { type(one.base) == 'number' and '  version ' .. one.base or '', 'OrionDim' },
    })
    for _, field in ipairs(one.fields) do
      if field.before ~= nil then
        cut = cut + value_lines(lines, '-', field.field, field.before, 'OrionRemoved')
      end
      if field.after ~= nil then
        cut = cut + value_lines(lines, '+', field.field, field.after, 'OrionAdded')
      end
    end
  end
  if seen.digest then
    table.insert(lines, { { '' } })
    table.insert(lines, { { 'digest ' .. seen.digest, 'OrionDim' } })
  end
  local next_steps = { pending = 'A approve   R reject', approved = 'X carry it out' }
  if next_steps[seen.status] and #seen.moved == 0 then
    table.insert(lines, { { next_steps[seen.status], 'OrionDim' } })
  end
  return lines, cut
end

local function related(seen)
  local found = {}
  for _, one in ipairs(seen.operations) do
    table.insert(found, { type = one.type, id = one.id })
  end
  return found
end

--- Shows what a proposal would change, read by the program: who approves sees every member, also those that are `null`.
function M.review(store, id, options)
  local function act(name)
    return function()
      M[name](store, id)
    end
  end
  page.open(store, { 'review', id }, {
    type = 'Proposal',
    id = id,
    subject = function()
      return { type = 'Proposal', id = id }
    end,
    related = related,
    keys = {
      { 'A', act('approve'), 'approve exactly this' },
      { 'R', act('reject'), 'reject it' },
      { 'X', act('execute'), 'carry it out' },
      {
        'gh',
        function()
          require('orion.record').history(store, 'Proposal', id)
        end,
        'its history',
      },
    },
    load = function(done)
      program.json(store.root, { 'proposal', 'diff', '--', id }, done)
    end,
    draw = function(seen)
      return (draw(seen))
    end,
  }, options)
end

--- Calls back with the review of a proposal, when it is in a window, with what it shows.
local function when_seen(store, id, done)
  M.review(store, id, {
    done = function(self)
      if self.problem then
        return
      end
      vim.cmd.redraw()
      done(self, self.value)
    end,
  })
end

local function told(text)
  vim.notify('orion: ' .. safe.line(text), vim.log.levels.INFO)
end

--- Why it can't be decided; nil if it can.
local function obstacle(seen, wanted)
  if #seen.moved > 0 or seen.status == 'stale' then
    return 'it is void: what it is based on has moved. It has to be proposed anew'
  end
  if seen.status ~= wanted then
    return ('it is %s, not %s'):format(seen.status, wanted)
  end
end

local function approver_secret(seen)
  if not seen.approver then
    return nil
  end
  local file = config.get().approver_key_file
  if file then
    local ok, lines = pcall(vim.fn.readfile, vim.fn.fnamemodify(file, ':p'))
    return ok and vim.trim(table.concat(lines, '\n')) or nil
  end
  return vim.fn.inputsecret('Passphrase of the approver: ')
end

--- Approves what is shown, after a question. What is shown is what the digest says: if it has changed since, it is refused.
function M.approve(store, id)
  when_seen(store, id, function(self, seen)
    local why = obstacle(seen, 'pending')
    if why then
      return faces.tell({ kind = 'conflict', message = why })
    end
    local _, cut = draw(seen)
    local question = ('Approve exactly this? %s, %d operations'):format(safe.line(seen.actionType), #seen.operations)
    if cut > 0 then
      question = question .. ('\n%d values are too large and were not shown whole!'):format(cut)
    end
    if vim.fn.confirm(question, '&Yes\n&No', 2, 'Question') ~= 1 then
      return told('not approved')
    end
    if self.value ~= seen and (self.value or {}).digest ~= seen.digest then
      return faces.tell({ kind = 'conflict', message = 'it has changed while you were asked', remedy = 'look at it again' })
    end
    local params = { id = id, digest = seen.digest, approverSecret = approver_secret(seen) }
    store:write('proposal/approve', params, function(problem, result)
      self:refresh()
      if problem then
        return faces.tell(problem)
      end
      told(('%s is %s, %d of %d approvals'):format(id, result.status, result.approvals, result.quorum))
    end)
  end)
end

--- Rejects what is shown, and says why.
function M.reject(store, id, reason)
  when_seen(store, id, function(self, seen)
    local function reject(why)
      if not why or vim.trim(why) == '' then
        return told('not rejected: it takes a reason')
      end
      store:write('proposal/reject', { id = id, digest = seen.digest, comment = why }, function(problem, result)
        self:refresh()
        if problem then
          return faces.tell(problem)
        end
        told(('%s is %s'):format(id, result.status))
      end)
    end
    if reason and reason ~= '' then
      return reject(reason)
    end
    vim.ui.input({ prompt = 'Why is it rejected? ' }, reject)
  end)
end

--- Carries out an approved proposal: exactly what its digest says.
function M.execute(store, id)
  when_seen(store, id, function(self, seen)
    local why = obstacle(seen, 'approved')
    if why then
      return faces.tell({ kind = 'conflict', message = why })
    end
    store:write('proposal/execute', { id = id, digest = seen.digest }, function(problem, result)
      self:refresh()
      if problem then
        return faces.tell(problem)
      end
      told(('%s is %s'):format(id, result.status))
    end)
  end)
end

--- The review that a buffer shows, for tests and for the user's own functions.
function M.shown(buffer)
  return buffers.model(buffer or 0)
end

return M
