--- How what went wrong is shown: what it is, what to do, and where more is written. The same words in every buffer and message.
local safe = require('orion.safe')

local M = {}

local titles = {
  no_program = 'There is no program',
  program_in_repository = 'The program is part of this repository',
  start_failed = 'The daemon could not be started',
  disconnected = 'The daemon can’t be reached',
  timeout = 'No answer',
  protocol_unsupported = 'The daemon is of another version',
  unauthenticated = 'An access token is needed',
  forbidden = 'Not allowed',
  approval_required = 'Somebody else has to approve this',
  not_found = 'It is not there',
  unknown_type = 'There is no such record type',
  conflict = 'Somebody else was first',
  too_large = 'Too large',
  invalid_record = 'The data does not fit its type',
  storage_full = 'The disk is full',
}

--- A title for a problem.
function M.title(problem)
  return titles[problem.kind] or 'It did not work'
end

local function moved_text(moved)
  return ('%s %s has moved from version %s to %s'):format(
    moved.type,
    moved.id,
    type(moved.expected) == 'number' and moved.expected or 'none',
    type(moved.found) == 'number' and moved.found or 'none'
  )
end

--- What a problem says beside its message.
local function details(problem)
  local lines = {}
  local data = problem.data or {}
  for _, issue in ipairs(type(data.issues) == 'table' and data.issues or {}) do
    local path = type(issue.path) == 'table' and table.concat(vim.tbl_map(tostring, issue.path), '.') or tostring(issue.path or '')
    table.insert(lines, ('%s: %s'):format(path, issue.message or ''))
  end
  for _, moved in ipairs(type(data.moved) == 'table' and data.moved or {}) do
    table.insert(lines, moved_text(moved))
  end
  return lines
end

--- One line for a message.
function M.message(problem)
  local text = M.title(problem) .. ': ' .. (problem.message or '')
  for _, line in ipairs(details(problem)) do
    text = text .. '; ' .. line
  end
  if problem.remedy then
    text = text .. ' (' .. problem.remedy .. ')'
  end
  return 'orion: ' .. safe.line(text)
end

--- Tells the user.
function M.tell(problem)
  vim.notify(M.message(problem), vim.log.levels.ERROR)
end

--- Lines for a buffer, as `orion.paint` takes them.
function M.lines(problem)
  local lines = { { { M.title(problem), 'OrionBad' } }, { { '' } } }
  for _, text in ipairs(safe.lines(problem.message or '')) do
    table.insert(lines, { { text } })
  end
  for _, text in ipairs(details(problem)) do
    table.insert(lines, { { '  ' .. safe.line(text) } })
  end
  if problem.remedy then
    table.insert(lines, { { '' } })
    table.insert(lines, { { 'What to do: ', 'OrionDim' }, { safe.line(problem.remedy) } })
  end
  if problem.log then
    table.insert(lines, { { 'Log: ', 'OrionDim' }, { safe.line(problem.log) } })
  end
  return lines
end

return M
