--- Colours. Each group is linked to one that every colour scheme has, and can be set by the user.
local M = {}

M.space = vim.api.nvim_create_namespace('orion')

local groups = {
  OrionTitle = 'Title',
  OrionHead = 'Comment',
  OrionDim = 'Comment',
  OrionGood = 'DiagnosticOk',
  OrionBad = 'DiagnosticError',
  OrionWait = 'DiagnosticWarn',
  OrionAdded = 'Added',
  OrionRemoved = 'Removed',
  OrionType = 'Type',
  OrionId = 'Identifier',
  OrionMatch = 'Search',
}

--- Declares the groups, without touching those that are set already.
function M.define()
  for name, link in pairs(groups) do
    vim.api.nvim_set_hl(0, name, { link = link, default = true })
  end
end

local by_state = {
  SUCCESS = 'OrionGood',
  FAILURE = 'OrionBad',
  BLOCKED = 'OrionBad',
  PENDING = 'OrionWait',
  ROLLED_BACK = 'OrionWait',
  executed = 'OrionGood',
  approved = 'OrionGood',
  pending = 'OrionWait',
  failed = 'OrionBad',
  rejected = 'OrionBad',
  stale = 'OrionBad',
}

--- The group of a state, if it is good or bad.
function M.of_state(state)
  return by_state[state]
end

--- Draws the status lines again, where there is somebody to see them.
function M.status_lines()
  if #vim.api.nvim_list_uis() > 0 then
    vim.cmd.redrawstatus({ bang = true })
  end
end

--- Puts lines into a buffer that nobody else may write, and paints them.
---
---@param buffer integer
---@param lines {[1]: string, [2]: string}[][] Each line as its pieces: a text and, if it is not plain, its group.
---@param from? integer First line that is replaced; 0 by default, up to the end.
function M.put(buffer, lines, from)
  from = from or 0
  local texts, marks = {}, {}
  for number, pieces in ipairs(lines) do
    local text, column = {}, 0
    for _, piece in ipairs(pieces) do
      table.insert(text, piece[1])
      if piece[2] and #piece[1] > 0 then
        table.insert(marks, { from + number - 1, column, column + #piece[1], piece[2] })
      end
      column = column + #piece[1]
    end
    table.insert(texts, table.concat(text))
  end
  vim.bo[buffer].modifiable = true
  vim.api.nvim_buf_set_lines(buffer, from, -1, false, texts)
  vim.bo[buffer].modifiable = false
  vim.bo[buffer].modified = false
  vim.api.nvim_buf_clear_namespace(buffer, M.space, from, -1)
  for _, mark in ipairs(marks) do
    vim.api.nvim_buf_set_extmark(buffer, M.space, mark[1], mark[2], { end_col = mark[3], hl_group = mark[4] })
  end
end

return M
