;;; orion-test.el --- Orion in a real Emacs, against a real daemon  -*- lexical-binding: t; -*-

;; emacs --batch -L plugins/emacs -l test/emacs/orion-test.el -f ert-run-tests-batch-and-exit
;; ORION_TEST_COMMAND is `orion' with whatever chooses the store, as a list.

(require 'ert)
(require 'orion)

(setq orion-command (read (getenv "ORION_TEST_COMMAND")))

(defun orion-test--run (&rest args)
  "What the program prints for ARGS."
  (with-temp-buffer
    (let ((code (apply #'call-process (car orion-command) nil '(t nil) nil
                       (append (cdr orion-command) '("--json") args))))
      (should (eq code 0))
      (goto-char (point-min))
      (if (eobp) nil (json-parse-buffer :object-type 'plist)))))

(defun orion-test--shows (words)
  "Wait until the current buffer shows WORDS."
  (let ((end (time-add nil 60)))
    (while (not (string-search words (buffer-string)))
      (when (time-less-p end nil)
        (ert-fail (format "waited in vain for %s in %s" words (buffer-string))))
      (accept-process-output nil 0.05))))

(ert-deftest orion-1-a-list-follows-what-others-write ()
  (orion-jobs)
  (orion-test--run "create" "JobResult" "--data" "{\"jobId\":\"unit\\u001b[31m-tests\",\"status\":\"FAILURE\"}")
  (orion-test--shows "unit\\u001b[31m-tests")
  (should-not (string-match-p "\u001b" (buffer-string))))

(ert-deftest orion-2-a-record-is-found-and-shown-and-follows ()
  (orion-test--run "create" "OrionInsight" "--id" "plan" "--data" "{\"summary\":\"before\",\"domain\":\"emacs\",\"extra\":{\"no\":false}}")
  (orion-search "before")
  (goto-char (point-min))
  (orion-open)
  (orion-test--shows "summary\n  before")
  (orion-test--run "update" "OrionInsight" "plan" "--set" "{\"tags\":[\"new\"]}")
  (orion-test--shows "[\"new\"]"))

(defun orion-test--propose (version)
  "Propose a change of the record at VERSION and return the id."
  (let ((token (plist-get (orion-test--run "token" "create" "--name" "agent:demo" "--scope" "read,propose") :token)))
    (plist-get (orion-test--run "proposal" "create"
                                (format "[{\"op\":\"update\",\"type\":\"OrionInsight\",\"id\":\"plan\",\"expectedVersion\":%d,\"set\":{\"summary\":\"after\"}}]" version)
                                "--submit" "--token" token)
               :id)))

(ert-deftest orion-3-a-proposal-is-reviewed-approved-after-a-question-and-carried-out ()
  (let ((id (orion-test--propose 2)))
    (orion-review id)
    (should (string-search "- summary: before\n  + summary: after" (buffer-string)))
    (cl-letf (((symbol-function 'yes-or-no-p) #'ignore)) (orion-approve))
    (should (string-search "pending, 0 of 1" (buffer-string)))
    (cl-letf (((symbol-function 'yes-or-no-p) #'always)) (orion-approve))
    (should (string-search "approved, 1 of 1" (buffer-string)))
    (orion-execute)
    (should (string-search "executed" (buffer-string)))
    (should (equal "after" (plist-get (plist-get (orion-test--run "get" "OrionInsight" "plan") :data) :summary)))))

(ert-deftest orion-4-a-proposal-that-becomes-void-says-so-and-is-not-approved ()
  (let ((id (orion-test--propose 3)))
    (orion-review id)
    (orion-test--run "update" "OrionInsight" "plan" "--set" "{\"domain\":\"moved\"}")
    (orion-test--shows "has moved: the proposal is void")
    (should-error (orion-approve) :type 'user-error)))

(ert-deftest orion-5-a-daemon-that-is-killed-is-found-again ()
  (orion-insights)
  (signal-process (plist-get (orion-test--run "endpoint") :pid) 'SIGKILL)
  (orion-test--run "create" "OrionInsight" "--data" "{\"summary\":\"after the end\",\"domain\":\"emacs\"}")
  (orion-test--shows "after the end"))

(ert-deftest orion-6-what-is-wrong-is-told-with-what-to-do ()
  (should (string-search "there is no" (cadr (should-error (orion-show "NoSuchType" "x") :type 'user-error))))
  (let ((orion-command '("no-such-orion")) (orion--connections (make-hash-table :test #'equal)))
    (should (string-search "install it" (cadr (should-error (orion-jobs) :type 'user-error))))))

(ert-deftest orion-7-a-program-that-a-repository-brings-is-not-run ()
  (let* ((root (file-truename (make-temp-file "orion" t)))
         (exec-path (cons root exec-path)) (orion-command '("orion-trap")))
    (with-temp-file (expand-file-name "orion-trap" root) (insert "#!/bin/sh\n"))
    (set-file-modes (expand-file-name "orion-trap" root) #o755)
    (should (string-search "is part of this repository"
                           (cadr (should-error (orion--program root) :type 'user-error))))))

;;; orion-test.el ends here
