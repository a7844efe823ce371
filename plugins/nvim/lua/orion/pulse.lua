--- What the status line shows and what the user is told of: jobs that fail, proposals that wait. Numbers are asked for when
--- something has changed, and at most once a second however much does.
local config = require('orion.config')
local paint = require('orion.paint')
local safe = require('orion.safe')

local M = {}

local pause_ms = 1000
--- Of so many of the newest results it is told which jobs fail.
local results_max = 200

local function count_failing(records)
  local seen, failing = {}, 0
  for _, record in ipairs(records) do
    local job = record.data.jobId
    if not seen[job] then
      seen[job] = true
      failing = failing + (record.data.status ~= 'SUCCESS' and 1 or 0)
    end
  end
  return failing
end

local function changed(store)
  paint.status_lines()
  vim.api.nvim_exec_autocmds('User', { pattern = 'OrionStatus', modeline = false, data = vim.deepcopy(store.facts) })
end

local function look(store)
  local newest = {
    type = 'JobResult',
    limit = results_max,
    fields = { 'jobId', 'status' },
    orderBy = { { field = 'createdAt', direction = 'desc' } },
  }
  store:request('record/list', newest, function(problem, page)
    if not problem then
      store.facts.failing = count_failing(page.records)
      changed(store)
    end
  end)
  store:request('record/count', { type = 'Proposal', where = { status = 'pending' } }, function(problem, answer)
    if not problem then
      store.facts.waiting = answer.count
      changed(store)
    end
  end)
end

--- One message for what has happened since the last, so that a thousand failures are one.
local function tell(store)
  local failed, waiting = store.told.failed, store.told.waiting
  store.told = { failed = {}, waiting = {} }
  local wanted = config.get().notify
  if #failed > 0 and wanted.failures then
    local first = safe.cut(safe.line(failed[1]), 60)
    local text = #failed == 1 and ('job %s has failed'):format(first) or ('%d jobs have failed, %s first'):format(#failed, first)
    vim.notify('orion: ' .. text, vim.log.levels.WARN)
  end
  if #waiting > 0 and wanted.proposals then
    local text = #waiting == 1 and 'a proposal waits: :Orion review ' .. safe.line(waiting[1])
      or ('%d proposals wait: :Orion proposals'):format(#waiting)
    vim.notify('orion: ' .. text, vim.log.levels.INFO)
  end
end

local function note(store, event)
  if event.topic == 'Proposal.submitted' or (event.topic == 'Proposal.created' and (event.record or {}).data and event.record.data.status == 'pending') then
    table.insert(store.told.waiting, event.id)
  elseif event.type == 'JobResult' and event.op == 'created' and event.record and event.record.data then
    if event.record.data.status ~= 'SUCCESS' then
      table.insert(store.told.failed, event.record.data.jobId or event.id)
    end
  end
end

--- Begins to look at a store; once, however often it connects.
function M.begin(store)
  if store.pulse then
    return
  end
  store.told = { failed = {}, waiting = {} }
  local timer
  local function soon()
    if timer then
      return
    end
    timer = vim.defer_fn(function()
      timer = nil
      tell(store)
      look(store)
    end, pause_ms)
  end
  local first = true
  store.pulse = store:subscribe({ patterns = { 'JobResult.*', 'Proposal.*' }, include = 'record' }, {
    opened = function(resumed)
      if first or not resumed then
        look(store)
      end
      first = false
    end,
    events = function(events)
      for _, event in ipairs(events) do
        note(store, event)
      end
      -- The first of a quiet time is told at once.
      if not timer then
        tell(store)
      end
      soon()
    end,
    gap = soon,
    closed = function()
      store.pulse = nil
    end,
  })
end

return M
